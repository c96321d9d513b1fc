"use strict";
// While something is being sent, the page's upper part is fetched again every few seconds.
{
    const refresh = async () => {
        const old = document.getElementById("dashboard");
        try {
            const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Poll": "1" } });
            if (answer.ok && !answer.redirected) {
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                const fresh = page.getElementById("dashboard");
                if (fresh && !old.contains(document.activeElement)) {
                    old.replaceWith(fresh);
                }
            }
        } catch {
            // Offline for a moment: the next look tells.
        }
        plan();
    };
    const plan = () => {
        const seconds = Number(document.getElementById("dashboard").dataset.againIn);
        if (seconds) {
            setTimeout(refresh, 1000 * seconds);
        }
    };
    plan();
}
