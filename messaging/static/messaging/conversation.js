/* A conversation: new texts and states as they come, replies without leaving the page, earlier texts above. */
'use strict';
{
    const EVERY = 3000;
    const SOON = 700;

    const page = document.getElementById('conversation');
    const head = document.getElementById('conversation-head');
    const list = () => document.querySelector('#timeline > .timeline');
    const reply = document.getElementById('reply');
    const problem = document.getElementById('reply-problem');
    const blocked = document.getElementById('reply-blocked');
    const markRead = document.getElementById('mark-read');
    const newsUrl = page.dataset.newsUrl;
    let timer = null;
    let isEnded = false;

    function parse(html) {
        const template = document.createElement('template');
        template.innerHTML = html;
        return template.content;
    }

    // Each line has an id of its own: what is there stays where it is, what is new comes behind the line before it.
    function showTimeline(html) {
        const fresh = [...parse(html).querySelectorAll('.timeline > li')];
        const shown = list();
        const keys = new Set(fresh.map((line) => line.id));
        const isKnown = (line) => line.id.includes('-') && !line.id.startsWith('day-');
        const first = fresh.filter(isKnown).map((line) => document.getElementById(line.id)).find(Boolean);
        if (!first) {
            shown.replaceChildren(...fresh);
            return;
        }
        let isBehind = false;
        [...shown.children].forEach((line) => {
            isBehind = isBehind || line === first;
            if (isBehind && !keys.has(line.id)) {
                line.remove();
            }
        });
        let place = null;
        fresh.forEach((line) => {
            const known = document.getElementById(line.id);
            if (known && known.isEqualNode(line)) {
                place = known;
            } else if (known) {
                known.replaceWith(line);
                place = line;
            } else if (place) {
                place.after(line);
                place = line;
            } else {
                first.before(line);
                place = line;
            }
        });
    }

    function showHead(html) {
        if (head.innerHTML !== html && !head.contains(document.activeElement)) {
            head.innerHTML = html;
        }
    }

    function block(sentence) {
        if (!reply) {
            return;
        }
        blocked.textContent = sentence;
        blocked.hidden = !sentence;
        reply.hidden = Boolean(sentence);
    }

    async function read(last, unread) {
        if (!markRead || !unread || document.hidden) {
            return;
        }
        markRead.elements.up_to.value = last;
        try {
            await fetch(markRead.action, {
                method: 'POST', body: new FormData(markRead), credentials: 'same-origin',
                headers: {Accept: 'application/json', 'X-Poll': '1'},
            });
        } catch {
            // The next look tries again.
        }
    }

    async function look() {
        clearTimeout(timer);
        try {
            const response = await fetch(newsUrl, {credentials: 'same-origin', headers: {'X-Poll': '1'}});
            if (response.redirected || (!response.ok && response.status < 500)) {
                isEnded = true;
                return;
            }
            if (response.ok) {
                const news = await response.json();
                showTimeline(news.timeline);
                showHead(news.head);
                block(news.why_not);
                await read(news.last, news.unread);
            }
        } catch {
            // The network is away for a moment: the next look tells more.
        }
        lookIn(EVERY);
    }

    function lookIn(milliseconds) {
        clearTimeout(timer);
        if (newsUrl && !isEnded && !document.hidden) {
            timer = setTimeout(look, milliseconds);
        }
    }

    function complain(sentence) {
        problem.textContent = sentence;
        problem.hidden = !sentence;
    }

    function toTheEnd() {
        const frame = document.querySelector('.timeline-frame');
        frame.scrollTop = 0;
    }

    async function send(event) {
        event.preventDefault();
        const text = reply.elements.body;
        const button = reply.querySelector('[type="submit"]');
        if (button.disabled) {
            return;
        }
        button.disabled = true;
        try {
            const response = await fetch(reply.action, {
                method: 'POST', body: new FormData(reply), credentials: 'same-origin',
                headers: {Accept: 'application/json'},
            });
            if (response.redirected) {
                complain('You have been logged out. Log in again in another tab, then send: your text is kept.');
            } else if (!response.ok) {
                throw new Error(response.statusText);
            } else {
                const answer = await response.json();
                complain(answer.problem);
                if (!answer.problem) {
                    text.value = '';
                    text.dispatchEvent(new Event('input', {bubbles: true}));
                    reply.elements.token.value = answer.token;
                    toTheEnd();
                }
                lookIn(0);
            }
        } catch {
            // The token is the same at the next try: what did arrive is not sent twice.
            complain('The reply could not be sent: the connection failed. Your text is still here. Try again.');
        } finally {
            button.disabled = false;
        }
        text.focus();
    }

    async function showEarlier(event) {
        event.preventDefault();
        const link = event.currentTarget;
        try {
            const response = await fetch(link.href, {credentials: 'same-origin', headers: {Accept: 'text/html'}});
            if (!response.ok || response.redirected) {
                throw new Error(response.statusText);
            }
            const earlier = new DOMParser().parseFromString(await response.text(), 'text/html');
            const lines = [...earlier.querySelectorAll('.timeline > li')];
            // A day that both parts belong to begins in the earlier one.
            lines.forEach((line) => document.getElementById(line.id)?.remove());
            list().prepend(...lines);
            const more = earlier.getElementById('earlier');
            if (more) {
                link.href = more.getAttribute('href');
            } else {
                link.parentElement.remove();
            }
        } catch {
            location.assign(link.href);
        }
    }

    document.getElementById('earlier')?.addEventListener('click', showEarlier);
    if (reply) {
        reply.addEventListener('submit', send);
        reply.elements.body.addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                reply.requestSubmit();
            }
        });
    }
    if (markRead) {
        markRead.hidden = true;
    }
    document.addEventListener('visibilitychange', () => lookIn(0));
    lookIn(SOON);
}
