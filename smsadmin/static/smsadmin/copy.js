/* Buttons that copy what is written beside them: <button data-copies="id of the element">. Where the browser has no
   clipboard for this page (http), the words are selected instead, ready for Ctrl-C. */
'use strict';
{
    function select(element) {
        const range = document.createRange();
        range.selectNodeContents(element);
        const selection = window.getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
    }

    async function copy(button) {
        const element = document.getElementById(button.dataset.copies);
        const status = button.parentElement.querySelector('[role=status]');
        try {
            await navigator.clipboard.writeText(element.textContent.trim());
            status.textContent = 'Copied.';
        } catch {
            select(element);
            status.textContent = 'Selected. Press Ctrl-C (or ⌘C) to copy.';
        }
    }

    document.querySelectorAll('button[data-copies]').forEach((button) => {
        button.hidden = false;
        button.addEventListener('click', () => copy(button));
    });
}
