/* The field for one person: suggests people while one types, and says whose number was picked. */
'use strict';
for (const picker of document.querySelectorAll('[data-picker]')) {
    const field = picker.querySelector('input[type=text]');
    const said = picker.closest('form').querySelector('[data-picked]');

    const say = (number) => {
        if (said) {
            said.textContent = number || said.dataset.picked;
        }
    };
    dropdown(field, picker.querySelector('[role=listbox]'), picker.querySelector('[role=status]'), {
        address: (words) => `${picker.dataset.picker}?${new URLSearchParams({q: words})}`,
        choose: (option) => {
            field.value = option.dataset.value;
            say(option.dataset.number);
        },
        found: ([first]) => {
            const isWhole = first && 'whole' in first.dataset;
            say(isWhole ? first.dataset.number : '');
            // Nothing is left to choose once the field says all that the suggestion does.
            return first && !(isWhole && first.dataset.value === field.value.trim());
        },
    });
    picker.addEventListener('change', (event) => {
        if (event.target.type === 'radio') {
            say(event.target.dataset.number);
        }
    });
}
