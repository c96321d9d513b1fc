/* A select with too many choices for a list becomes a field that finds them by what one types. The select stays, hidden,
   and is what the form sends; without this script, it shows the choices that came with the page. */
'use strict';
for (const select of document.querySelectorAll('select.admin-autocomplete')) {
    const field = document.createElement('input');
    const list = document.createElement('div');
    const status = document.createElement('p');
    const box = document.createElement('div');
    const chosen = () => (select.value ? select.selectedOptions[0].text : '');

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

    async function readResults(answer) {
        const {results} = await answer.json();
        return results.map(({id, text}, index) => {
            const option = document.createElement('div');
            option.className = 'found';
            option.id = `${list.id}-${index}`;
            option.dataset.value = id;
            option.setAttribute('role', 'option');
            option.append(document.createElement('bdi'));
            option.firstChild.textContent = text;
            return option;
        });
    }

    box.className = 'picker-field chooser';
    field.type = 'text';
    field.id = `${select.id}_search`;
    field.autocomplete = 'off';
    field.spellcheck = false;
    field.dir = 'auto';
    field.placeholder = 'Type to search';
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

    const {open} = dropdown(field, list, status, {
        // With the chosen one in the field, all are offered.
        words: () => (field.value.trim() === chosen() ? '' : field.value.trim()),
        address: (words) => `${select.getAttribute('data-ajax--url')}?${new URLSearchParams({
            app_label: select.dataset.appLabel,
            model_name: select.dataset.modelName,
            field_name: select.dataset.fieldName,
            term: words,
        })}`,
        read: readResults,
        choose: (option) => {
            set(option.dataset.value, option.textContent);
            field.value = chosen();
        },
    });
    field.addEventListener('click', () => {
        if (list.hidden) {
            field.select();
            open();
        }
    });
    field.addEventListener('keydown', (event) => {
        if (event.key === 'ArrowDown' && list.hidden) {
            event.preventDefault();
            open();
        }
    });
    // What is emptied is no choice; half a title is none either, so the last choice shows again.
    field.addEventListener('blur', () => {
        if (!field.value.trim() && select.options[0]?.value === '') {
            set('', '');
        }
        field.value = chosen();
    });
    // Going back to a page makes the browser restore the select.
    window.addEventListener('pageshow', () => { field.value = chosen(); });

    field.value = chosen();
    box.append(field, list, status);
    select.hidden = true;
    select.after(box);
}
