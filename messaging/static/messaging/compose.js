/* The compose page: the preview follows the typing. All rules are the server's; this only asks and shows. */
'use strict';
{
    const PAUSE = 250;

    const form = document.getElementById('compose');
    const text = form.elements.message_body;
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

    async function update(extra = {}) {
        clearTimeout(timer);
        request?.abort();
        const current = request = new AbortController();
        const data = new FormData(form);
        Object.entries(extra).forEach(([name, value]) => data.set(name, value));
        preview.setAttribute('aria-busy', 'true');
        try {
            const response = await fetch(form.dataset.previewUrl, {
                method: 'POST', body: data, signal: current.signal, credentials: 'same-origin',
            });
            if (response.redirected) {
                say('You have been logged out. Log in again in another tab, then go on here: your text is kept.');
                return;
            }
            if (!response.ok) {
                throw new Error(response.statusText);
            }
            const answer = await response.json();
            if (answer.message_body !== null) {
                text.value = answer.message_body;
                grow();
                text.focus();
            }
            content.innerHTML = answer.preview;
            summary.textContent = answer.summary;
        } catch (error) {
            if (error.name !== 'AbortError') {
                say('The preview could not be loaded. Your text is still here; the preview is tried again as you type.');
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

    function grow() {
        if (!CSS.supports('field-sizing', 'content')) {
            text.style.height = 'auto';
            text.style.height = `${text.scrollHeight + 2}px`;
        }
    }

    function insert(token) {
        text.setRangeText(token, text.selectionStart, text.selectionEnd, 'end');
        text.focus();
        text.dispatchEvent(new Event('input', {bubbles: true}));
    }

    function showEvent() {
        const box = form.querySelector('[data-needs-event]');
        if (box) {
            box.hidden = form.elements.audience.value !== 'event';
        }
    }

    form.querySelectorAll('[data-without-script]').forEach((element) => { element.hidden = true; });
    form.addEventListener('input', () => { grow(); updateSoon(); });
    form.addEventListener('change', () => { showEvent(); updateSoon(); });
    form.addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (!button) {
            return;
        }
        if (button.dataset.insert) {
            insert(button.dataset.insert);
        } else if (button.name === 'sample' || button.name === 'replace') {
            event.preventDefault();
            update({[button.name]: button.value});
        }
    });
    // The searching select speaks jQuery's events only.
    if (form.elements.event) {
        django.jQuery(form.elements.event).on('change', updateSoon);
    }
    window.addEventListener('pageshow', () => { showEvent(); grow(); update(); });
}
