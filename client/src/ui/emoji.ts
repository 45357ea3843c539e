/** The faces that are offered. */

/** For a quick reaction. */
export const FACES = ['👍', '❤️', '😂', '😮', '😢', '🙏'] as const;

/** For messages. */
export const EMOJI: readonly string[] = (
  '😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 😘 😋 😛 😜 🤪 🤗 🤭 🤔 🤐 😐 😏 😒 🙄 😬 😌 😔 😪 😴 😷 🤒 🤧 🥵 🥶 😵 🤯 ' +
  '🥳 😎 🤓 🧐 😕 😟 🙁 😮 😲 😳 🥺 😦 😨 😰 😢 😭 😱 😖 😞 😓 😩 😤 😡 😠 😈 💀 💩 👻 👽 🤖 ' +
  '👍 👎 👌 ✌️ 🤞 🤟 🤙 👈 👉 👆 👇 ✋ 👋 👏 🙌 🙏 🤝 💪 ✍️ 👀 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 💯 💥 ' +
  '🎉 🎂 🎁 🏆 ⚽ 🎵 🔥 ⭐ ✨ ☀️ 🌧️ ❄️ 🌈 🌹 🌲 🐶 🐱 🐻 🦊 🐼 🍎 🍕 🍰 ☕ 🍵 🍺 🍷 🚗 ✈️ 🏠 ✅ ❌ ❓ ❗ ⏰ 📷 📞 💡 📌 🔒'
).split(' ');
