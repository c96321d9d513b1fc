/* The phone to try a survey on: says what it has answered. The page was loaded anew, and a live region tells only what
   changes in it. */
'use strict';
{
    const PAUSE = 300;
    const said = document.getElementById('phone-said');

    window.addEventListener('load', () => setTimeout(() => { said.textContent = said.dataset.said; }, PAUSE));
}
