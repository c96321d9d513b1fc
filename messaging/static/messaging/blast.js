/* The page of a blast while it runs: what the server says of it, each second. */
'use strict';
{
    const blast = document.getElementById('blast');
    const progress = document.getElementById('progress');
    const recipients = document.getElementById('recipients');

    function show(element, html) {
        const fresh = element.cloneNode(false);
        fresh.append(parse(html));
        change(element, fresh);
        hideReload();
    }

    function hideReload(isHidden = true) {
        progress.querySelectorAll('[data-without-script]').forEach((link) => { link.hidden = isHidden; });
    }

    async function showNews(response) {
        const answer = await response.json();
        show(progress, answer.progress);
        show(recipients, answer.recipients);
        return answer.again_in;
    }

    hideReload();
    // After a refusal, a reload says why.
    poll(blast.dataset.progressUrl + location.search, Number(blast.dataset.againIn), showNews, {
        refused: () => hideReload(false),
    });
}
