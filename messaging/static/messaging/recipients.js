/* The fields for people and lists: chips that are added from a list of suggestions, and that go when they are unchecked. */
'use strict';
for (const part of document.querySelectorAll('[data-recipients]')) {
    const {recipients, name} = part.dataset;
    const field = part.querySelector('input[type=text]');
    const choices = part.querySelector('[data-choices]');
    const status = part.querySelector('[role=status]');

    function add(option) {
        // Nobody is chosen twice, and nobody chose the one that stands there to begin with.
        for (const box of field.form.querySelectorAll('[data-choices] input')) {
            if (box.value === option.dataset.value || (name === 'to' && 'default' in box.dataset)) {
                box.closest('label').remove();
            }
        }
        const chip = option.querySelector('template').content.firstElementChild;
        choices.append(chip);
        field.value = '';
        status.textContent = `Added: ${chip.querySelector('bdi').textContent}`;
        chip.firstElementChild.dispatchEvent(new Event('change', {bubbles: true}));
    }

    dropdown(field, part.querySelector('[role=listbox]'), status, {
        address: (words) => `${recipients}?${new URLSearchParams({q: words, name})}`,
        choose: add,
        holdsEnter: true,
    });
    choices.addEventListener('change', ({target}) => {
        if (target.checked) {
            field.value = '';
        } else {
            const chip = target.closest('label');
            status.textContent = `Removed: ${chip.querySelector('bdi').textContent}`;
            chip.remove();
            field.focus();
        }
    });
}
