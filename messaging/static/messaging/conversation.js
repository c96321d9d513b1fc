/* A conversation: shows new texts and statuses as they come, sends replies in place, and loads earlier texts above. */
'use strict';
{
    const EVERY = 3;
    const SOON = 0.7;
    const PAUSE = 300;
    const IN_VIEW = 24;
    const MARGIN = 8;

    const page = document.getElementById('conversation');
    const head = document.getElementById('conversation-head');
    const frame = document.querySelector('.timeline-frame');
    const list = () => document.querySelector('#timeline > .timeline');
    const earlier = document.getElementById('earlier');
    const below = document.getElementById('below');
    const reply = document.getElementById('reply');
    const problem = document.getElementById('reply-problem');
    const blocked = document.getElementById('reply-blocked');
    const blockedBecause = blocked?.querySelector('span');
    const markRead = document.getElementById('mark-read');
    const newsUrl = page.dataset.newsUrl;
    const found = document.querySelector('.is-found');
    let askNow = null;

    // Texts ---------------------------------------------------------------------------------------------------

    const isDay = (line) => line.id.startsWith('day-');
    const isEntry = (line) => line.id.includes('-') && !isDay(line);

    // Each line has its own id. `fresh` are the latest lines, without gaps, so they replace the end of what is shown.
    function showTimeline(html, mark) {
        const fresh = [...parse(html).querySelectorAll('.timeline > li')];
        const shown = [...list().children];
        const ids = new Set(fresh.filter(isEntry).map((line) => line.id));
        const first = shown.findIndex((line) => ids.has(line.id));
        const kept = shown.slice(0, Math.max(first, 0));
        while (kept.length && isDay(kept[kept.length - 1])) {
            kept.pop();
        }
        if (!kept.length) {
            // Everything shown is new, so earlier lines start before it.
            offerEarlier(mark);
        }
        const keptIds = new Set(kept.map((line) => line.id));
        const known = new Map(shown.map((line) => [line.id, line]));
        const lines = fresh.filter((line) => !keptIds.has(line.id)).map((line) => {
            const old = known.get(line.id);
            if (old) {
                change(old, line);
            }
            return old || line;
        });
        const all = new Set([...kept, ...lines]);
        shown.filter((line) => !all.has(line)).forEach((line) => line.remove());
        let next = list().firstElementChild;
        all.forEach((line) => {
            if (line === next) {
                next = next.nextElementSibling;
            } else {
                list().insertBefore(line, next);
            }
        });
    }

    function offerEarlier(mark) {
        earlier.parentElement.hidden = !mark;
        earlier.href = `?before=${mark}`;
    }

    // Keeps the scroll position for a user who has scrolled up. At the end, scrolls to new texts as long as all unseen
    // ones stay in view.
    function keepScrollPosition(show) {
        const {top, bottom} = frame.getBoundingClientRect();
        const isInView = (line) => line.getBoundingClientRect().bottom > top && line.getBoundingClientRect().top < bottom;
        const wasAtEnd = isAtEnd();
        const anchor = wasAtEnd ? null : [...list().children].find((line) => isEntry(line) && isInView(line));
        const before = anchor?.getBoundingClientRect().top;
        show();
        if (anchor?.isConnected) {
            frame.scrollTop += anchor.getBoundingClientRect().top - before;
        } else if (wasAtEnd) {
            keepUnseenInView();
        }
    }

    function isAtEnd() {
        return !frame.classList.contains('is-from-above') && Math.abs(frame.scrollTop) < IN_VIEW;
    }

    function scrollToEnd() {
        frame.scrollTop = 0;
        updateSeen();
    }

    // The distance of the first unseen text, or of the line "New" above it, from the top edge.
    function unseenOffset() {
        const first = texts().find((line) => idOf(line) > seen);
        const line = first?.previousElementSibling === newLine() ? newLine() : first;
        return line ? line.getBoundingClientRect().top - frame.getBoundingClientRect().top - MARGIN : 0;
    }

    function keepUnseenInView() {
        frame.scrollTop += Math.min(unseenOffset(), 0);
    }

    async function show(link) {
        const response = await fetch(link.href, {credentials: 'same-origin', headers: {Accept: 'text/html'}});
        if (!response.ok || response.redirected) {
            throw new Error(response.statusText);
        }
        const part = new DOMParser().parseFromString(await response.text(), 'text/html');
        return [[...part.querySelectorAll('.timeline > li')], part.getElementById(link.id)];
    }

    async function showEarlier(event) {
        event.preventDefault();
        try {
            const [lines, more] = await show(earlier);
            keepScrollPosition(() => {
                // If both parts contain the same day, its heading is in the earlier one.
                lines.forEach((line) => document.getElementById(line.id)?.remove());
                list().prepend(...lines);
            });
            offerEarlier(new URLSearchParams(more.getAttribute('href')).get('before'));
        } catch {
            location.assign(earlier.href);
        }
    }

    async function showLater(event) {
        event.preventDefault();
        const link = event.currentTarget;
        try {
            const [lines, more] = await show(link);
            keepScrollPosition(() => list().append(...lines.filter((line) => !document.getElementById(line.id))));
            if (more) {
                link.href = more.getAttribute('href');
            } else {
                link.parentElement.remove();
            }
        } catch {
            location.assign(link.href);
        }
    }

    // Reading -------------------------------------------------------------------------------------------------

    const idOf = (line) => Number(line?.id.slice('text-'.length) ?? 0);
    const texts = () => [...list().querySelectorAll('[id^="text-"]')];
    const latest = (lines) => Math.max(0, ...lines.map(idOf));
    const newLine = () => document.getElementById('new');
    // Ids of texts: the first that was unread when the page loaded, the latest that was read before or has been in
    // view, and the one up to which this page has marked all as read. Texts that someone marks as unread later stay
    // unread.
    const firstNew = Number(page.dataset.new ?? 0);
    let seen = firstNew ? firstNew - 1 : latest(texts());
    let marked = null;
    let unread = null;
    let isMarking = false;
    // If the page opened at a search result, unread texts above it haven't been in view.
    let hasReachedNew = !found || !firstNew;
    let pause = null;

    function updateSeen() {
        if (!document.hidden) {
            const {top, bottom} = frame.getBoundingClientRect();
            const edge = Math.min(bottom, window.innerHeight) - IN_VIEW;
            seen = Math.max(seen, latest(texts().filter((line) => line.getBoundingClientRect().top < edge)));
            const line = newLine()?.getBoundingClientRect();
            hasReachedNew ||= Boolean(line) && line.bottom > top && line.top < edge;
        }
        below.hidden = !newsUrl || latest(texts()) <= seen;
    }

    function readSoon() {
        updateSeen();
        pause ??= setTimeout(() => {
            pause = null;
            read();
        }, PAUSE);
    }

    async function read() {
        updateSeen();
        const hasSeenMore = hasReachedNew && (marked === null || seen > marked);
        if (!markRead || document.hidden || isMarking || unread === null || !hasSeenMore) {
            return;
        }
        const upTo = seen;
        isMarking = true;
        try {
            if (!unread || await mark(upTo)) {
                marked = upTo;
            }
        } catch {
            // The next scroll or poll tries again.
        } finally {
            isMarking = false;
        }
    }

    async function mark(upTo) {
        const data = new FormData(markRead);
        data.set('up_to', upTo);
        data.set('after', marked ?? 0);
        const response = await fetch(markRead.action, {
            method: 'POST', body: data, credentials: 'same-origin',
            headers: {Accept: 'application/json', 'X-Poll': '1'},
        });
        return response.ok && !response.redirected;
    }

    // News ----------------------------------------------------------------------------------------------------

    function showHead(html) {
        if (!head.contains(document.activeElement)) {
            const fresh = head.cloneNode(false);
            fresh.append(parse(html));
            change(head, fresh);
        }
    }

    async function showNews(response) {
        const news = await response.json();
        keepScrollPosition(() => showTimeline(news.timeline, news.earlier));
        showHead(news.head);
        block(news.why_not, news.entry);
        showUnreadTexts(news.unread_texts);
        unread = news.unread;
        await read();
        return EVERY;
    }

    // The reply -----------------------------------------------------------------------------------------------

    // Blocks the reply box with this reason, or unblocks it with "". Typed text stays visible so that it can be copied.
    function block(sentence, entry) {
        const isBlocked = Boolean(sentence);
        if (!reply || isBlocked !== blocked.hidden) {
            return;
        }
        const text = reply.elements.body;
        const hadFocus = reply.contains(document.activeElement);
        blocked.hidden = !isBlocked;
        text.readOnly = isBlocked;
        reply.querySelector('[type="submit"]').disabled = isBlocked;
        linkTo(entry);
        showTyped(sentence);
        if (isBlocked) {
            complain('');
        }
        if (hadFocus) {
            (isBlocked && !text.value ? blocked : text).focus();
        }
    }

    function linkTo(entry) {
        const link = blocked.querySelector('a');
        link.hidden = !entry;
        if (entry) {
            link.href = entry.address;
            link.textContent = entry.label;
        }
    }

    function showTyped(sentence) {
        const text = reply.elements.body.value;
        blockedBecause.textContent = sentence && text ? `${sentence} What you typed wasn’t sent.` : sentence;
        reply.hidden = Boolean(sentence) && !text;
    }

    // Ready to type, except on a phone, where the keyboard would cover the texts.
    function focusReply() {
        const text = reply.elements.body;
        const isBusy = found || location.hash || document.activeElement !== document.body;
        if (!text.readOnly && !isBusy && matchMedia('(pointer: fine)').matches) {
            text.focus({preventScroll: true});
            text.setSelectionRange(text.value.length, text.value.length);
        }
    }

    function complain(sentence) {
        problem.textContent = sentence;
        problem.hidden = !sentence;
    }

    async function send(event) {
        event.preventDefault();
        const text = reply.elements.body;
        const button = reply.querySelector('[type="submit"]');
        if (button.disabled) {
            return;
        }
        button.disabled = true;
        const sent = text.value;
        try {
            const response = await fetch(reply.action, {
                method: 'POST', body: new FormData(reply), credentials: 'same-origin',
                headers: {Accept: 'application/json'},
            });
            if (response.redirected) {
                complain('You’ve been logged out. Log in again in another tab, then send. Your text is still here.');
            } else if (response.status === 403) {
                complain('The reply wasn’t accepted. Copy your text, reload the page, then send it.');
            } else if (!response.ok) {
                throw new Error(response.statusText);
            } else {
                const answer = await response.json();
                complain(answer.problem);
                if (!answer.problem) {
                    // Text typed in the meantime is the next reply.
                    text.value = text.value.startsWith(sent) ? text.value.slice(sent.length).trimStart() : text.value;
                    text.dispatchEvent(new Event('input', {bubbles: true}));
                    reply.elements.token.value = answer.token;
                    scrollToEnd();
                }
                askNow?.();
            }
        } catch {
            // The next try uses the same token, so a reply that did arrive isn't sent twice.
            complain('The reply couldn’t be sent because the connection failed. Your text is still here. Try again.');
        } finally {
            button.disabled = text.readOnly;
        }
        text.focus();
    }

    earlier.addEventListener('click', showEarlier);
    document.getElementById('later')?.addEventListener('click', showLater);
    below.addEventListener('click', () => {
        frame.scrollTop += unseenOffset();
        frame.focus();
    });
    if (reply) {
        showTyped(blockedBecause.textContent);
        focusReply();
        reply.addEventListener('submit', send);
        reply.elements.body.addEventListener('keydown', (event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                reply.requestSubmit();
            }
        });
    }
    if (found) {
        const [line, view] = [found.getBoundingClientRect(), frame.getBoundingClientRect()];
        frame.scrollTop += line.top + line.height / 2 - view.top - view.height / 2;
    } else {
        keepUnseenInView();
    }
    for (const [place, name] of [[frame, 'scroll'], [window, 'scroll'], [window, 'resize']]) {
        place.addEventListener(name, () => requestAnimationFrame(readSoon), {passive: true});
    }
    askNow = newsUrl ? poll(newsUrl, SOON, showNews) : null;
}
