"use strict";
// Names autocomplete fields (select2) by their labels, after Django's script has created them.
window.django?.jQuery?.(() => {
    for (const select of document.querySelectorAll("select.admin-autocomplete")) {
        const label = select.labels[0];
        const field = select.parentElement.querySelector(".select2-selection");
        if (label && field) {
            const name = label.textContent.trim().replace(/:$/, "");
            field.removeAttribute("aria-labelledby");
            field.setAttribute("aria-label", name);
            field.querySelector("[role=textbox]")?.setAttribute("aria-label", name);
        }
    }
});
