"use strict";
// While something is being sent, reloads the page every few seconds.
{
    const againIn = () => Number(document.getElementById("home").dataset.againIn);

    poll(location.href, againIn(), async (response) => {
        const old = document.getElementById("home");
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("home");
        if (fresh && !old.contains(document.activeElement)) {
            old.replaceWith(fresh);
        }
        return againIn();
    });
}
