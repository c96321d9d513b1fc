/* The compose page: fields to insert, the preview that follows the typing, the draft that is kept meanwhile, and a test
   to one's own phone. */
'use strict';
{
    const form = document.getElementById('compose');
    const text = form.elements.message_body;
    const {update, updateSoon} = followPreview(form, form.dataset.previewUrl, 'text', (answer) => {
        if (answer.message_body !== null) {
            text.value = answer.message_body;
            grow(text);
            text.focus();
        }
    });

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

    // The draft -----------------------------------------------------------------------------------------------

    const KEEP_AFTER = 2000;
    const {keepUrl, testUrl} = form.dataset;
    const kept = document.getElementById('kept');
    let keepTimer = null;
    let keeping = null;

    function showKept(isKept) {
        form.toggleAttribute('data-saves-itself', isKept);
        if (isKept && text.value.trim()) {
            kept.textContent = 'Saved as a draft.';
            history.replaceState(null, '', `?draft=${form.elements.token.value}`);
        } else {
            kept.textContent = isKept ? '' : 'Not saved yet. We’ll try again as you type.';
        }
    }

    async function keepDraft() {
        keeping?.abort();
        const current = keeping = new AbortController();
        const contents = contentsOf(form);
        try {
            const response = await fetch(keepUrl, {
                method: 'POST', body: new FormData(form), signal: current.signal, credentials: 'same-origin',
            });
            const isKept = response.ok && !response.redirected && (await response.json()).is_kept;
            if (isKept) {
                savedContents.set(form, contents);
            }
            showKept(isKept || !text.value.trim());
        } catch (error) {
            if (error.name !== 'AbortError') {
                showKept(false);
            }
        }
    }

    function keepSoon() {
        clearTimeout(keepTimer);
        if (keepUrl) {
            keepTimer = setTimeout(keepDraft, KEEP_AFTER);
        }
    }

    // The page may be left in any way, or never come back: a phone that runs out of memory says nothing more.
    function keepAtOnce() {
        clearTimeout(keepTimer);
        if (keepUrl && hasUnsavedChanges(form) && navigator.sendBeacon(keepUrl, new FormData(form))) {
            savedContents.set(form, contentsOf(form));
        }
    }

    if (keepUrl) {
        form.dataset.savesItself = '';
        form.addEventListener('submit', () => { clearTimeout(keepTimer); keeping?.abort(); });
        // Before the next page is asked for, which may be the list of drafts.
        window.addEventListener('beforeunload', keepAtOnce);
        window.addEventListener('pagehide', keepAtOnce);
        document.addEventListener('visibilitychange', () => {
            if (document.hidden) {
                keepAtOnce();
            }
        });
    }

    // A test --------------------------------------------------------------------------------------------------

    async function sendTest(button) {
        const result = document.getElementById('test-result');
        button.disabled = true;
        result.textContent = 'Sending…';
        let answer = {is_sent: false, sentence: 'The test couldn’t be sent. Check your connection and try again.'};
        try {
            const response = await fetch(testUrl, {
                method: 'POST', body: new FormData(form), credentials: 'same-origin',
            });
            if (response.redirected) {
                answer.sentence = 'You’ve been logged out. Log in again in another tab, then try again.';
            } else if (response.ok) {
                answer = await response.json();
            }
        } catch {
            // Said above.
        }
        button.disabled = false;
        result.textContent = answer.sentence;
        result.classList.toggle('compose-refused', !answer.is_sent);
        (form.elements[answer.field] ?? button).focus();
    }

    form.querySelectorAll('[data-without-script]').forEach((element) => { element.hidden = true; });
    form.addEventListener('input', () => { grow(text); updateSoon(); keepSoon(); });
    form.addEventListener('change', () => { showEvent(); updateSoon(); keepSoon(); });
    form.addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (!button) {
            return;
        }
        if (button.dataset.insert) {
            insert(button.dataset.insert);
        } else if (button.name === 'test') {
            event.preventDefault();
            sendTest(button);
        } else if (button.name === 'sample' || button.name === 'replace') {
            event.preventDefault();
            update({[button.name]: button.value});
        }
    });
    // The autocomplete field only triggers jQuery events.
    if (form.elements.event) {
        django.jQuery(form.elements.event).on('change', () => { updateSoon(); keepSoon(); });
    }
    window.addEventListener('pageshow', () => { showEvent(); grow(text); update(); });
}
