/* The list of audiences: how many people each has, one after the other, since each may be a search over all lists. */
'use strict';
(async () => {
    for (const place of document.querySelectorAll('[data-count]')) {
        try {
            const answer = await fetch(place.dataset.count, {headers: {'X-Poll': '1'}});
            place.textContent = answer.ok && !answer.redirected ? await answer.text() : '–';
        } catch {
            place.textContent = '–';
        }
    }
})();
