/* Makes the key of a new field from its label, as contacts.profile_fields.key_for does, until somebody types a key. */
"use strict";
document.addEventListener("DOMContentLoaded", function () {
    const LONGEST = 36;

    function keyFor(label) {
        const plain = label.toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replace(/\p{M}/gu, "");
        const key = (plain.match(/[a-z0-9]+/g) || []).join("_").slice(0, LONGEST).replace(/^_+|_+$/g, "");
        return !key || /^[a-z]/.test(key) ? key : `field_${key}`.slice(0, LONGEST);
    }

    const key = document.querySelector("input[data-key-of]");
    const label = key && document.getElementById(key.dataset.keyOf);
    if (!label) {
        return;
    }
    let isMade = !key.value;
    key.addEventListener("input", function () {
        isMade = !key.value;
    });
    label.addEventListener("input", function () {
        if (isMade) {
            key.value = keyFor(label.value);
        }
    });
});
