/* What every form needs. Protects what is typed: after a logout in the meantime, a form stays as it is instead of going
   to the login page, and can be sent after logging in again in another tab. Leaving a form with unsaved changes asks
   first, in the browser's own words, unless it saves itself (`data-saves-itself`). A form with `data-once` is sent once,
   however often its button is clicked. */
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
    // Of a page that only opens to those who are logged in. The login page itself has none.
    const address = document.currentScript.dataset.loggedInUrl;
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
        if (!address || !form.matches(KEPT_FORMS) || form === passed) {
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

// Logging in again elsewhere ----------------------------------------------------------------------------------

// The login changed the CSRF token. For each form that is submitted or read with `new FormData(form)`.
document.addEventListener('formdata', ({formData}) => {
    const cookie = document.cookie.split('; ').find((each) => each.startsWith('csrftoken='));
    if (cookie && formData.has('csrfmiddlewaretoken')) {
        formData.set('csrfmiddlewaretoken', cookie.slice(cookie.indexOf('=') + 1));
    }
});

// Once --------------------------------------------------------------------------------------------------------

// The server also handles double posts.
document.querySelectorAll('form[data-once]').forEach((form) => {
    let pressed = null;
    form.addEventListener('submit', (event) => {
        if (pressed) {
            event.preventDefault();
            return;
        }
        const button = event.submitter ?? form.querySelector('[type="submit"]');
        pressed = {button, label: button.value};
        // After the form was read: its fields include the button.
        setTimeout(() => {
            button.value = button.dataset.busy || button.value;
            button.disabled = true;
        });
    });
    // The Back button restores the page as it was left.
    window.addEventListener('pageshow', (event) => {
        if (event.persisted && pressed) {
            pressed.button.value = pressed.label;
            pressed.button.disabled = false;
            pressed = null;
        }
    });
});
