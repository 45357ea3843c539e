// Before the first stroke of paint: the theme and the size that were set, so that nothing flashes.
try {
  var kept = JSON.parse(localStorage.getItem('tertulia.settings') || '{}');
  document.documentElement.dataset.theme = kept.theme || 'system';
  var size = { small: '14px', large: '18px', huge: '21px' }[kept.size];
  if (size) document.documentElement.style.fontSize = size;
} catch (nothing) {}
