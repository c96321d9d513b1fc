/* Forms with texts to send: fields as high as what is typed, and beside them a preview that follows the typing. All
   rules are the server's; this only asks and shows. */
'use strict';

// For browsers that do not do it by themselves.
function grow(area) {
    if (!CSS.supports('field-sizing', 'content')) {
        area.style.height = 'auto';
        area.style.height = `${area.scrollHeight + 2}px`;
    }
}

// `kept` is what the form holds, as "text"; `use` is given each answer. Gives back what shows it now, with fields of
// the form replaced, and what shows it soon.
function followPreview(form, url, kept, use = () => {}) {
    const PAUSE = 250;

    const preview = document.getElementById('preview');
    const content = document.getElementById('preview-content');
    const summary = document.getElementById('preview-summary');
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
