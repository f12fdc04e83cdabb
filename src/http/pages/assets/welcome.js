// Fills in the address that the browser reached the server at, and copies a snippet. The page works without.

for (const place of document.querySelectorAll('[data-origin]')) place.textContent = location.origin;

for (const button of document.querySelectorAll('[data-copy]')) {
  // Browsers offer the clipboard to secure pages only.
  if (!navigator.clipboard) continue;
  const status = button.parentElement.querySelector('[role=status]');
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copy).textContent;
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    button.textContent = copied ? 'Copied' : 'Not allowed';
    status.textContent = copied ? 'Copied to the clipboard' : 'The browser does not allow copying';
    setTimeout(() => {
      button.textContent = 'Copy';
      status.textContent = '';
    }, 2000);
  });
}
