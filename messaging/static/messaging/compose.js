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

    // One list has a name already.
    function offerToSave() {
        const isOne = form.querySelectorAll('[data-choices] :checked').length < 2;
        document.getElementById('save-audience')?.classList.toggle('without-script', isOne);
    }

    // The draft -----------------------------------------------------------------------------------------------

    const KEEP_AFTER = 2000;
    const {keepUrl, testUrl, audienceUrl} = form.dataset;
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

    // Buttons that leave the form as it is: a test, and saving those it is for as an audience --------------------

    async function ask(button, url, result, busy) {
        button.disabled = true;
        result.textContent = busy;
        let answer = {is_done: false, sentence: 'That didn’t work. Check your connection and try again.'};
        try {
            const response = await fetch(url, {method: 'POST', body: new FormData(form), credentials: 'same-origin'});
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
        result.classList.toggle('compose-refused', !answer.is_done);
        (form.elements[answer.field] ?? button).focus();
    }

    // Enter in the field beside a button means that button, not the form's first one.
    form.addEventListener('keydown', (event) => {
        const button = event.target.closest('.compose-test')?.querySelector('button');
        if (event.key === 'Enter' && button && event.target !== button) {
            event.preventDefault();
            button.click();
        }
    });

    form.addEventListener('input', ({target}) => {
        if (!target.closest('[data-recipients]')) {
            grow(text);
            updateSoon();
            keepSoon();
        }
    });
    form.addEventListener('change', () => { offerToSave(); updateSoon(); keepSoon(); });
    form.addEventListener('click', (event) => {
        const button = event.target.closest('button');
        if (!button) {
            return;
        }
        if (button.dataset.insert) {
            insert(button.dataset.insert);
        } else if (button.name === 'test') {
            event.preventDefault();
            ask(button, testUrl, document.getElementById('test-result'), 'Sending…');
        } else if (button.name === 'save_audience') {
            event.preventDefault();
            ask(button, audienceUrl, document.getElementById('save-result'), 'Saving…');
        } else if (button.name === 'sample' || button.name === 'replace') {
            event.preventDefault();
            update({[button.name]: button.value});
        }
    });
    window.addEventListener('pageshow', () => { offerToSave(); grow(text); update(); });
}
