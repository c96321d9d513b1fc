/* Protects what is typed into a form. After a logout in the meantime, the form stays as it is instead of going to the
   login page. Leaving it with unsaved changes asks first, in the browser's own words, unless it saves itself
   (`data-saves-itself`). */
'use strict';

const KEPT_FORMS = 'form#compose, form[id$="_form"]';

// Changes -----------------------------------------------------------------------------------------------------

// What the server has of each form: as it was rendered, or as it was submitted.
const savedContents = new WeakMap();

function contentsOf(form) {
    const fields = [...form.elements].filter((field) => field.type !== 'hidden').map((field) => field.name);
    const visible = new Set(fields);
    return JSON.stringify([...new FormData(form)].filter(([name]) => visible.has(name)));
}

// Whether a form has unsaved changes. A form that came back with errors hasn't been saved.
function hasUnsavedChanges(form) {
    return savedContents.has(form) && savedContents.get(form) !== contentsOf(form);
}

{
    // As the server rendered it. Going back to a page makes the browser fill in what was typed before.
    function asItCame(form) {
        const copy = form.cloneNode(true);
        copy.reset();
        return form.querySelector('.errorlist, .errornote') ? null : contentsOf(copy);
    }

    // After the page's scripts, which set up its fields.
    window.addEventListener('load', () => {
        document.querySelectorAll(KEPT_FORMS).forEach((form) => savedContents.set(form, asItCame(form)));
    });
    // After every handler that may prevent it.
    window.addEventListener('submit', ({target, defaultPrevented}) => {
        if (savedContents.has(target) && !defaultPrevented) {
            savedContents.set(target, contentsOf(target));
        }
    });
    window.addEventListener('beforeunload', (event) => {
        const forms = [...document.querySelectorAll(KEPT_FORMS)].filter((form) => !('savesItself' in form.dataset));
        if (forms.some(hasUnsavedChanges)) {
            event.preventDefault();
        }
    });
}

// Logouts -----------------------------------------------------------------------------------------------------

{
    const address = document.currentScript.dataset.address;
    const NOTE = 'logged-out';
    let passed = null;
    let isAsking = false;

    async function isLoggedOut() {
        try {
            const response = await fetch(address, {
                method: 'HEAD', redirect: 'manual', credentials: 'same-origin', headers: {'X-Poll': '1'},
            });
            return response.type === 'opaqueredirect';
        } catch {
            // The browser itself reports connection errors.
            return false;
        }
    }

    function say(form) {
        document.getElementById(NOTE)?.remove();
        const note = document.createElement('p');
        note.id = NOTE;
        note.className = 'errornote';
        note.setAttribute('role', 'alert');
        note.tabIndex = -1;
        note.textContent =
            'You’ve been logged out. Log in again in another tab, then continue here. Your text is still here.';
        form.prepend(note);
        note.focus();
    }

    // Before any other script: some let a form be submitted only once.
    document.addEventListener('submit', async (event) => {
        const form = event.target;
        if (!form.matches(KEPT_FORMS) || form === passed) {
            passed = null;
            return;
        }
        event.preventDefault();
        event.stopImmediatePropagation();
        if (isAsking) {
            return;
        }
        isAsking = true;
        const hasToLogIn = await isLoggedOut();
        isAsking = false;
        if (hasToLogIn) {
            say(form);
            return;
        }
        document.getElementById(NOTE)?.remove();
        passed = form;
        form.requestSubmit(event.submitter);
    }, {capture: true});
}
