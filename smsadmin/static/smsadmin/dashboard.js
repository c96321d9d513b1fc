"use strict";
// While something is being sent, reloads the upper part of the page every few seconds.
{
    const againIn = () => Number(document.getElementById("dashboard").dataset.againIn);

    poll(location.href, againIn(), async (response) => {
        const old = document.getElementById("dashboard");
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const fresh = page.getElementById("dashboard");
        if (fresh && !old.contains(document.activeElement)) {
            old.replaceWith(fresh);
        }
        return againIn();
    });
}
