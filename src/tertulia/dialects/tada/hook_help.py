"""What an integration tells its owner: how to post with its key, and what its webhook hears.

HTML, in Russian, like everything a Tada client shows. Whatever is put into it is escaped.
"""

from html import escape

REPEATS = 8
"""How often a webhook is tried again."""

HELP = """\
<p>Чтобы написать в группу, отправьте POST-запрос на адрес <code>{url}</code>. Подойдут форма, \
<code>multipart/form-data</code> и JSON. Параметры:</p>
<ul>
    <li><code>key</code> — ключ API. Для этой группы: <strong class="nowrap">{key}</strong>. \
Несколько ключей перечисляются через запятую.</li>
    <li><code>message</code> — текст сообщения.</li>
</ul>

<h2>Пример для командной строки</h2>
<pre>curl {url} \\
    -F key='{key}' \\
    -F message='Ваше сообщение'</pre>

<h2>Ответ</h2>
<p>Когда сообщение принято: <code>{{"ok": true}}</code>. Когда нет: \
<code>{{"ok": false, "error": "Описание ошибки"}}</code>.</p>

<h2>Что услышит Webhook URL</h2>
<p>Если он задан, о каждом новом сообщении группы на него уходит POST-запрос с формой из шести полей: \
<code>chat</code>, <code>chat_display_name</code>, <code>created</code>, <code>sender</code>, \
<code>sender_display_name</code>, <code>text</code>. Заголовок <code>key</code> содержит ключ API этой \
интеграции (<code>{key}</code>): по нему видно, что запрос пришёл от нас. То, что отправлено с этим же \
ключом, не возвращается. Если ответ — не 200, запрос повторяется ещё {repeats} раз, каждый раз с более \
долгой паузой.</p>"""


def help_text(url: str, key: str) -> str:
    """The help of the integration with that key; `url` is where messages are posted to."""
    return HELP.format(url=escape(url), key=escape(key), repeats=REPEATS)
