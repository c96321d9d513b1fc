/* Keeps what is typed into a form. Whoever has been logged out meanwhile keeps what it holds: it is not sent to the
   login page. Whoever leaves it with changes that are not saved is asked first, by the browser in its own words. */
'use strict';

const KEPT_FORMS = 'form#compose, form[id$="_form"]';

// Changes -----------------------------------------------------------------------------------------------------

// What the server has of each form: as it came, or as it was sent.
const savedContents = new WeakMap();

function contentsOf(form) {
    const fields = [...form.elements].filter((field) => field.type !== 'hidden').map((field) => field.name);
    const visible = new Set(fields);
    return JSON.stringify([...new FormData(form)].filter(([name]) => visible.has(name)));
}

// Whether a form holds what the server has not got. What came back with mistakes in it has not been saved.
function hasUnsavedChanges(form) {
    return savedContents.has(form) && savedContents.get(form) !== contentsOf(form);
}

{
    // As the server has written it. A browser that goes back to a page fills in what was typed there before.
    function asItCame(form) {
        const copy = form.cloneNode(true);
        copy.reset();
        return form.querySelector('.errorlist, .errornote') ? null : contentsOf(copy);
    }

    // After the scripts of the page, which arrange its fields.
    window.addEventListener('load', () => {
        document.querySelectorAll(KEPT_FORMS).forEach((form) => savedContents.set(form, asItCame(form)));
    });
    // After all who may prevent it.
    window.addEventListener('submit', ({target, defaultPrevented}) => {
        if (savedContents.has(target) && !defaultPrevented) {
            savedContents.set(target, contentsOf(target));
        }
    });
    window.addEventListener('beforeunload', (event) => {
        if ([...document.querySelectorAll(KEPT_FORMS)].some(hasUnsavedChanges)) {
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
            // The browser says by itself what is wrong with the connection.
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
            'You have been logged out. Log in again in another tab, then go on here: what you wrote is kept.';
        form.prepend(note);
        note.focus();
    }

    // Before any other script hears of it: these may let a form be sent only once.
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
