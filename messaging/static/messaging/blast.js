/* Updates a blast's page every second while it is being sent. */
'use strict';
{
    const blast = document.getElementById('blast');
    const news = document.getElementById('news');
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
        // A screen reader says it only if it has changed.
        if (news.textContent !== answer.news) {
            news.textContent = answer.news;
        }
        show(progress, answer.progress);
        show(recipients, answer.recipients);
        return answer.again_in;
    }

    hideReload();
    // If the request is refused, reloading the page shows why.
    poll(blast.dataset.progressUrl + location.search, Number(blast.dataset.againIn), showNews, {
        refused: () => hideReload(false),
    });
}
