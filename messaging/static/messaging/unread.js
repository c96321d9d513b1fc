/* Shows the number of unread texts in the page's header and title. */
'use strict';
function showUnreadTexts(count) {
    const shown = count.toLocaleString('en-US');
    for (const place of document.querySelectorAll('[data-unread-texts]')) {
        place.textContent = count ? ` (${shown})` : '';
    }
    document.title = (count ? `(${shown}) ` : '') + document.title.replace(/^\([\d,]+\) /, '');
}
