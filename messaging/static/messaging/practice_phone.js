/* The practice phone: announces the reply. The page has been reloaded, and a live region only announces changes. */
'use strict';
{
    const PAUSE = 300;
    const said = document.getElementById('phone-said');

    window.addEventListener('load', () => setTimeout(() => { said.textContent = said.dataset.said; }, PAUSE));
}
