/* A select with too many choices for a list becomes a field that finds them by what one types. The select stays, hidden,
   and is what the form sends; without this script, it shows the choices that came with the page. */
'use strict';

// `address`, `read` and `holdsEnter` as for dropdown.
function searchSelect(select, {address, ...more}) {
    const field = document.createElement('input');
    const list = document.createElement('div');
    const status = document.createElement('p');
    const box = document.createElement('div');
    const isOptional = select.options[0]?.value === '';
    const chosen = () => (select.value ? select.selectedOptions[0].text : '');
    const show = () => { field.value = chosen(); };

    function set(value, text) {
        if (select.value === value) {
            return;
        }
        if (![...select.options].some((option) => option.value === value)) {
            select.add(new Option(text, value));
        }
        select.value = value;
        select.dispatchEvent(new Event('change', {bubbles: true}));
    }

    box.className = 'picker-field chooser';
    field.type = 'text';
    field.id = `${select.id}_search`;
    field.autocomplete = 'off';
    field.spellcheck = false;
    field.dir = 'auto';
    field.placeholder = (isOptional && select.options[0].text) || 'Type to search';
    list.id = `${select.id}_found`;
    list.className = 'picker-found';
    list.hidden = true;
    list.setAttribute('role', 'listbox');
    list.setAttribute('aria-label', 'Suggestions');
    status.className = 'visually-hidden';
    status.setAttribute('role', 'status');
    for (const name of ['aria-label', 'aria-describedby', 'aria-invalid']) {
        if (select.hasAttribute(name)) {
            field.setAttribute(name, select.getAttribute(name));
        }
    }
    [...select.labels].filter((label) => label.htmlFor).forEach((label) => { label.htmlFor = field.id; });

    dropdown(field, list, status, {
        ...more,
        address,
        // With the chosen one in the field, all are offered.
        words: () => (field.value.trim() === chosen() ? '' : field.value.trim()),
        choose: (option) => {
            set(option.dataset.value, option.dataset.label);
            show();
        },
    });
    field.addEventListener('click', () => field.select());
    // What is emptied is no choice; half a title is none either, so the last choice shows again.
    field.addEventListener('blur', () => {
        if (!field.value.trim() && isOptional) {
            set('', '');
        }
        show();
    });
    // Going back to a page makes the browser restore the select.
    window.addEventListener('pageshow', show);

    show();
    box.append(field, list, status);
    select.hidden = true;
    select.after(box);
}

// The selects of the admin, with the answers of its own view.
for (const select of document.querySelectorAll('select.admin-autocomplete')) {
    const {appLabel, modelName, fieldName} = select.dataset;

    searchSelect(select, {
        address: (words) => `${select.getAttribute('data-ajax--url')}?${new URLSearchParams({
            app_label: appLabel, model_name: modelName, field_name: fieldName, term: words,
        })}`,
        read: async (answer) => (await answer.json()).results.map(({id, text}, index) => {
            const option = document.createElement('div');
            option.className = 'found';
            option.id = `${select.id}_found-${index}`;
            option.dataset.value = id;
            option.dataset.label = text;
            option.setAttribute('role', 'option');
            option.append(document.createElement('bdi'));
            option.firstChild.textContent = text;
            return option;
        }),
    });
}
