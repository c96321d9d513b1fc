/* Forms with a text to send: fields that grow with their text, and a live preview. The server applies all rules; this
   only requests and shows the preview. */
'use strict';

// For browsers without field-sizing.
function grow(area) {
    if (!CSS.supports('field-sizing', 'content')) {
        area.style.height = 'auto';
        area.style.height = `${area.scrollHeight + 2}px`;
    }
}

// `kept` is the word for the form's contents, such as "text". `use` is called with each response. Returns a function
// that updates the preview now, with some fields replaced, and one that updates it soon.
function followPreview(form, url, kept, use = () => {}) {
    const PAUSE = 250;

    const preview = document.getElementById('preview');
    const content = document.getElementById('preview-content');
    const summary = document.getElementById('preview-summary');
    const brief = document.getElementById('preview-brief');
    let timer = null;
    let request = null;

    function say(sentence) {
        const note = document.createElement('p');
        note.className = 'preview-problem';
        note.textContent = sentence;
        content.replaceChildren(note);
    }

    async function update(replaced = {}) {
        clearTimeout(timer);
        request?.abort();
        const current = request = new AbortController();
        const data = new FormData(form);
        Object.entries(replaced).forEach(([name, value]) => data.set(name, value));
        preview.setAttribute('aria-busy', 'true');
        try {
            const response = await fetch(url, {
                method: 'POST', body: data, signal: current.signal, credentials: 'same-origin',
            });
            if (response.redirected) {
                say(`You’ve been logged out. Log in again in another tab, then continue here. Your ${kept} is still here.`);
                return;
            }
            if (!response.ok) {
                throw new Error(response.statusText);
            }
            const answer = await response.json();
            use(answer);
            content.innerHTML = answer.preview;
            summary.textContent = answer.summary;
            if (brief) {
                brief.textContent = answer.brief;
            }
        } catch (error) {
            if (error.name !== 'AbortError') {
                say(`The preview couldn’t be loaded. Your ${kept} is still here. We’ll try again as you type.`);
            }
        } finally {
            if (request === current) {
                preview.removeAttribute('aria-busy');
            }
        }
    }

    function updateSoon() {
        clearTimeout(timer);
        timer = setTimeout(update, PAUSE);
    }

    return {update, updateSoon};
}
