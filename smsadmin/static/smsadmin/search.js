"use strict";
// The site-wide search: opens with its button or Ctrl-K, and works with typing, arrow keys and Enter.
{
    const dialog = document.getElementById("search");
    const opener = document.querySelector("[data-search]");
    if (dialog && opener) {
        const field = dialog.querySelector("input");
        const list = document.getElementById("search-found");
        const status = dialog.querySelector("[role=status]");
        let asked = 0;

        const results = () => [...list.querySelectorAll("[role=option]")];
        const selected = () => list.querySelector("[aria-selected=true]");

        const select = (option) => {
            selected()?.setAttribute("aria-selected", "false");
            if (option) {
                option.setAttribute("aria-selected", "true");
                option.scrollIntoView({ block: "nearest" });
                field.setAttribute("aria-activedescendant", option.id);
            } else {
                field.removeAttribute("aria-activedescendant");
            }
        };

        const look = async () => {
            const number = ++asked;
            const address = new URL(opener.href);
            address.search = new URLSearchParams({ q: field.value, part: "results" });
            try {
                const answer = await fetch(address, { headers: { "X-Poll": "1" } });
                if (!answer.ok || answer.redirected || number !== asked) {
                    return;
                }
                const page = new DOMParser().parseFromString(await answer.text(), "text/html");
                list.replaceChildren(...page.body.children);
            } catch {
                // Offline: Enter still opens the search page, where the browser reports the problem.
                return;
            }
            const count = results().length;
            field.setAttribute("aria-expanded", String(count > 0));
            status.textContent = count ? `${count} found` : "Nothing found";
            results().forEach((option) => option.setAttribute("aria-selected", "false"));
            select(field.value.trim() ? results()[0] : null);
        };

        const open = () => {
            if (!dialog.open) {
                dialog.showModal();
                field.select();
                look();
            }
        };

        opener.addEventListener("click", (event) => {
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
                event.preventDefault();
                open();
            }
        });
        document.addEventListener("keydown", (event) => {
            if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
                event.preventDefault();
                open();
            }
        });
        dialog.querySelector(".search-close").addEventListener("click", () => dialog.close());
        dialog.addEventListener("click", (event) => {
            if (event.target === dialog) {
                dialog.close();
            }
        });

        let waiting;
        field.addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(look, 120);
        });
        field.addEventListener("keydown", (event) => {
            const all = results();
            const at = all.indexOf(selected());
            if (event.key === "ArrowDown" || event.key === "ArrowUp") {
                event.preventDefault();
                const step = event.key === "ArrowDown" ? 1 : -1;
                select(all[(at + step + all.length) % all.length]);
            } else if (event.key === "Enter" && selected()) {
                event.preventDefault();
                location.href = selected().href;
            }
        });
    }
}
