/* Disables a form's button after the first click. The server also handles double posts. */
'use strict';
{
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
}
