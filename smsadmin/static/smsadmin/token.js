/* Whoever logs in again in another tab goes on in this one: the login has changed the token that its forms hold. */
'use strict';
{
    // Of each form that is submitted, and of each that a script reads with `new FormData(form)`.
    document.addEventListener('formdata', ({formData}) => {
        const cookie = document.cookie.split('; ').find((each) => each.startsWith('csrftoken='));
        if (cookie && formData.has('csrfmiddlewaretoken')) {
            formData.set('csrfmiddlewaretoken', cookie.slice(cookie.indexOf('=') + 1));
        }
    });
}
