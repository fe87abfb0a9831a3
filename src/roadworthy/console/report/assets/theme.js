function readyTheme() {
  const button = document.getElementById("theme"), names = ["system", "light", "dark"];
  let at = 0;
  button.hidden = false;
  button.addEventListener("click", () => {
    at = (at + 1) % names.length;
    if (at) document.documentElement.dataset.theme = names[at]; else delete document.documentElement.dataset.theme;
    button.textContent = `Theme: ${names[at]}`;
  });
}
