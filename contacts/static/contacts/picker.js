'use strict';
// The field for one person: suggests people while one types, and says whose number was picked.
for (const picker of document.querySelectorAll('[data-picker]')) {
    const field = picker.querySelector('input[type=text]');
    const list = picker.querySelector('[role=listbox]');
    const said = picker.closest('form').querySelector('[data-picked]');

    const say = (number) => {
        if (said) {
            said.textContent = number || said.dataset.picked;
        }
    };
    const choose = (option) => {
        field.value = option.dataset.value;
        say(option.dataset.number);
        close();
    };
    const {forget} = combobox(field, list, picker.querySelector('[role=status]'), {
        address: (text) => `${picker.dataset.picker}?${new URLSearchParams({q: text})}`,
        choose,
        found: (options) => {
            const [first] = options;
            const isWhole = first && 'whole' in first.dataset;
            say(isWhole ? first.dataset.number : '');
            // Nothing is left to choose once the field says all that the suggestion does.
            if (!first || (isWhole && first.dataset.value === field.value.trim())) {
                close();
            } else {
                list.hidden = false;
            }
        },
    });

    function close() {
        list.hidden = true;
        forget();
    }

    field.setAttribute('role', 'combobox');
    field.setAttribute('aria-autocomplete', 'list');
    field.setAttribute('aria-expanded', 'false');
    field.setAttribute('aria-controls', list.id);
    field.addEventListener('keydown', (event) => {
        if (event.key === 'Escape' && !list.hidden) {
            event.preventDefault();
            close();
        }
    });
    field.addEventListener('blur', close);
    // A press on a suggestion must not take the focus away before the click comes.
    list.addEventListener('pointerdown', (event) => event.preventDefault());
    list.addEventListener('mousedown', (event) => event.preventDefault());
    picker.addEventListener('change', (event) => {
        if (event.target.type === 'radio') {
            say(event.target.dataset.number);
        }
    });
    list.addEventListener('click', (event) => {
        const option = event.target.closest('[role=option]');
        if (option) {
            choose(option);
        }
    });
}
