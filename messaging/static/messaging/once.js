/* Disables a form's button after the first click. The server also handles double posts. */
'use strict';
{
    document.querySelectorAll('form[data-once]').forEach((form) => {
        const button = form.querySelector('[type="submit"]');
        const label = button.value;
        form.addEventListener('submit', (event) => {
            if (form.dataset.sent) {
                event.preventDefault();
                return;
            }
            form.dataset.sent = 'yes';
            button.value = button.dataset.busy || label;
            setTimeout(() => { button.disabled = true; });
        });
        // The Back button restores the page as it was left.
        window.addEventListener('pageshow', (event) => {
            if (event.persisted) {
                delete form.dataset.sent;
                button.value = label;
                button.disabled = false;
            }
        });
    });
}
