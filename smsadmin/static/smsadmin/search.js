"use strict";
// The site-wide search: opens with its button or Ctrl-K, and works with typing, arrow keys and Enter.
{
    const dialog = document.getElementById("search");
    const opener = document.querySelector("[data-search]");
    if (dialog && opener) {
        const field = dialog.querySelector("input");
        const list = document.getElementById("search-found");
        const { look } = combobox(field, list, dialog.querySelector("[role=status]"), {
            address: (text) => {
                const address = new URL(opener.href);
                address.search = new URLSearchParams({ q: text, part: "results" });
                return address;
            },
            choose: (option) => {
                location.href = option.href;
            },
        });

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
    }
}
