/* After logging in again in another tab, people can continue in this one: the login changed the forms' CSRF token. */
'use strict';
{
    // For each form that is submitted or read with `new FormData(form)`.
    document.addEventListener('formdata', ({formData}) => {
        const cookie = document.cookie.split('; ').find((each) => each.startsWith('csrftoken='));
        if (cookie && formData.has('csrfmiddlewaretoken')) {
            formData.set('csrfmiddlewaretoken', cookie.slice(cookie.indexOf('=') + 1));
        }
    });
}
