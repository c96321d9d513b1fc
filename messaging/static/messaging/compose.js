/* The compose page: fields to insert, and a live preview. */
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

    form.querySelectorAll('[data-without-script]').forEach((element) => { element.hidden = true; });
    form.addEventListener('input', () => { grow(text); updateSoon(); });
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
    // The autocomplete field only triggers jQuery events.
    if (form.elements.event) {
        django.jQuery(form.elements.event).on('change', updateSoon);
    }
    window.addEventListener('pageshow', () => { showEvent(); grow(text); update(); });
}
