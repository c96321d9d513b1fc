/* Import pages: checks the file size before the upload, and shows progress while the file is read. */
"use strict";
(function () {
    const upload = document.getElementById("import-upload");
    const waiting = document.getElementById("import-progress");

    function megabytes(bytes) {
        return Math.round(bytes / 1048576).toLocaleString("en-US");
    }

    function watchUpload() {
        const field = upload.querySelector("input[type=file]");
        const drop = upload.querySelector(".import-drop");
        const problem = upload.querySelector(".import-problem");
        const submit = upload.querySelector("input[type=submit]");
        const limit = Number(field.dataset.limit);

        function check() {
            const file = field.files[0];
            const isTooLarge = Boolean(file) && file.size > limit;
            problem.hidden = !isTooLarge;
            submit.disabled = isTooLarge;
            if (isTooLarge) {
                problem.textContent = `“${file.name}” is ${megabytes(file.size)} MB. The limit is ${megabytes(limit)} MB. ` +
                    "Remove columns you don’t need, or split the file.";
            }
        }

        field.addEventListener("change", check);
        upload.addEventListener("submit", function () {
            // After the browser has submitted the form, so that disabling the button only blocks a second click.
            setTimeout(function () {
                submit.disabled = true;
                submit.value = "Uploading…";
            });
        });
        window.addEventListener("pageshow", function () {
            submit.value = "Upload and preview";
            check();
        });
        ["dragover", "dragleave", "drop"].forEach(function (name) {
            drop.addEventListener(name, function (event) {
                event.preventDefault();
                drop.classList.toggle("is-over", name === "dragover");
                if (name === "drop" && event.dataTransfer.files.length) {
                    field.files = event.dataTransfer.files;
                    check();
                }
            });
        });
    }

    function watchProgress() {
        const sentence = waiting.querySelector(".import-sentence");
        const bar = waiting.querySelector("progress");
        const stalled = document.getElementById("import-stalled");
        const label = document.querySelector(".import-status");

        async function show(response) {
            const progress = await response.json();
            if (!progress.is_busy) {
                location.reload();
                return 0;
            }
            sentence.textContent = progress.sentence;
            label.textContent = progress.label;
            stalled.hidden = !progress.is_stalled;
            if (progress.done) {
                bar.max = progress.expected;
                bar.value = progress.done;
            } else {
                bar.removeAttribute("value");
            }
            return 1;
        }

        poll(waiting.dataset.address, 0.3, show, {
            refused: () => location.reload(),
            failed: () => { sentence.textContent = "The server isn’t responding. Trying again."; },
        });
    }

    if (upload) {
        watchUpload();
    }
    if (waiting) {
        watchProgress();
    }
    document.querySelectorAll(".import-actions form").forEach(function (form) {
        form.addEventListener("submit", function () {
            setTimeout(function () {
                form.querySelectorAll("input[type=submit]").forEach(function (button) {
                    button.disabled = true;
                });
            });
        });
    });
}());
