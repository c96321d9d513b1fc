/* The form that opens below "Give a name": it gets the focus, and Escape or a click outside closes it. */
'use strict';
{
    const details = document.querySelector('.conversation-name');

    if (details) {
        const button = details.querySelector('summary');
        details.addEventListener('toggle', () => {
            if (details.open) {
                details.querySelector('input[name="name"]').focus();
            }
        });
        details.addEventListener('keydown', (event) => {
            if (event.key === 'Escape' && details.open) {
                details.open = false;
                button.focus();
            }
        });
        document.addEventListener('pointerdown', (event) => {
            if (!details.contains(event.target)) {
                details.open = false;
            }
        });
    }
}
