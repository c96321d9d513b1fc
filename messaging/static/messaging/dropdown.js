'use strict';

// A combobox whose list opens below its field, by typing, by a click or with the arrow keys, and closes by a choice, by
// Escape, or when the field is left. `address` and `choose` as for combobox.
function dropdown(field, list, status, {address, choose}) {
    const {look, forget} = combobox(field, list, status, {
        address,
        choose: pick,
        found: (options) => { list.hidden = !options.length; },
    });

    function close() {
        list.hidden = true;
        forget();
    }

    function pick(option) {
        close();
        choose(option);
    }

    field.setAttribute('role', 'combobox');
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-expanded', 'false');
    field.setAttribute('aria-controls', list.id);
    field.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && !list.hidden) {
            event.preventDefault();
            close();
        } else if (event.key === 'ArrowDown' && list.hidden) {
            event.preventDefault();
            look();
        } else if (event.key === 'Enter') {
            // It chooses, and never submits what is only half written.
            event.preventDefault();
        }
    });
    field.addEventListener('click', look);
    field.addEventListener('blur', close);
    // A press on an option must not take the focus away before the click comes.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('mousedown', (event) => event.preventDefault());
    list.addEventListener('click', (event) => {
        const option = event.target.closest('[role=option]');
        if (option) {
            pick(option);
        }
    });
}
