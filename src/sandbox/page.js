const showTimes = () => {
  for (const time of document.querySelectorAll('time')) time.textContent = new Date(time.dateTime).toLocaleTimeString();
};
let shown = document.querySelector('main').innerHTML;
const refresh = async () => {
  const response = await fetch('/').catch(() => null);
  if (!response) {
    document.querySelector('h1 + p').textContent = 'The sandbox has stopped.';
    return;
  }
  const main = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('main');
  if (main.innerHTML === shown) return;
  shown = main.innerHTML;
  document.querySelector('main').replaceWith(main);
  showTimes();
};
showTimes();
setInterval(refresh, 2000);
document.addEventListener('click', async ({ target }) => {
  if (target.tagName !== 'BUTTON') return;
  await navigator.clipboard.writeText(target.value);
  target.textContent = 'copied';
});
