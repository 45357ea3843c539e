"""What the pages say, in two languages. `{…}` is filled in by the page, in bold where it stands out."""

from datetime import date

from tertulia.core.applications import Scope

ENGLISH, RUSSIAN = "en", "ru"

WORDS = {
    ENGLISH: {
        "sign_in": "Sign in",
        "to_continue": "to continue to {application}",
        "to_see_applications": "to see which applications have access",
        "username": "Username, phone or e-mail",
        "password": "Password",
        "or": "or with a code by SMS",
        "phone": "Phone number",
        "send_code": "Send me a code",
        "enter_code": "Enter the code",
        "code_sent": "We have sent it to {phone}.",
        "code": "Code from the message",
        "another_way": "Sign in another way",
        "wants_access": "{application} would like access",
        "may_it": "If you agree, this application may:",
        "not_you": "Not you?",
        "allow": "Allow",
        "deny": "Cancel",
        "goes_back": "Either way you go back to {host}.",
        "wrong_password": "The name or the password is wrong.",
        "wrong_code": "This code is wrong or has expired.",
        "wrong_phone": "This is not a phone number we can send a code to.",
        "many_tries": "Too many attempts. Wait ten minutes and try again.",
        "many_codes": "Too many codes for this number. Try again later.",
        "blocked": "This account is blocked.",
        "no_account": "This number has no account here, and you cannot sign up on this page.",
        "unconfirmed": "Confirm your registration first.",
        "busy": "The server is busy. Try again in a moment.",
        "unknown_heading": "This link does not work",
        "unknown": "The application that sent you here is not known, or wants you back at an address that"
        " is not its own. Nothing about you has been told to it.",
        "stale_heading": "This page is out of date",
        "stale": "Go back to the application and start again. Your browser must allow cookies of this"
        " site.",
        "mistake_heading": "Something went wrong",
        "mistake": "It is our fault. Try again.",
        "applications": "Applications with access",
        "signed_in_as": "You are signed in as {name}.",
        "no_applications": "No application has access to your account.",
        "since": "since {date}",
        "withdraw": "Withdraw",
        "sign_out": "Sign out",
        Scope.MESSAGES_READ: "read your messages",
        Scope.MESSAGES_WRITE: "write, change and delete messages in your name",
        Scope.USER_DETAILS: "see your name and profile",
        Scope.USER_EMAIL: "see your e-mail address",
        Scope.USER_BIRTHDAY: "see your birthday",
        Scope.USER_CONTACTS: "see whom you know",
    },
    RUSSIAN: {
        "sign_in": "Войти",
        "to_continue": "чтобы продолжить в {application}",
        "to_see_applications": "чтобы увидеть, у каких приложений есть доступ",
        "username": "Имя пользователя, телефон или почта",
        "password": "Пароль",
        "or": "или по коду из СМС",
        "phone": "Номер телефона",
        "send_code": "Получить код",
        "enter_code": "Введите код",
        "code_sent": "Мы отправили его на {phone}.",
        "code": "Код из сообщения",
        "another_way": "Войти другим способом",
        "wants_access": "{application} просит доступ",
        "may_it": "Если вы согласитесь, приложение сможет:",
        "not_you": "Это не вы?",
        "allow": "Разрешить",
        "deny": "Отмена",
        "goes_back": "В любом случае вы вернётесь на {host}.",
        "wrong_password": "Неверное имя или пароль.",
        "wrong_code": "Код неверный или устарел.",
        "wrong_phone": "На этот номер нельзя отправить код.",
        "many_tries": "Слишком много попыток. Подождите десять минут и попробуйте снова.",
        "many_codes": "Слишком много кодов на этот номер. Попробуйте позже.",
        "blocked": "Эта учётная запись заблокирована.",
        "no_account": "У этого номера здесь нет учётной записи, а зарегистрироваться на этой странице нельзя.",
        "unconfirmed": "Сначала подтвердите регистрацию.",
        "busy": "Сервер занят. Попробуйте через минуту.",
        "unknown_heading": "Ссылка не работает",
        "unknown": "Приложение, которое вас сюда отправило, нам неизвестно или хочет вернуть вас на чужой"
        " адрес. О вас ему ничего не сообщено.",
        "stale_heading": "Страница устарела",
        "stale": "Вернитесь в приложение и начните заново. Браузер должен разрешать cookie этого сайта.",
        "mistake_heading": "Что-то пошло не так",
        "mistake": "Это наша ошибка. Попробуйте ещё раз.",
        "applications": "Приложения с доступом",
        "signed_in_as": "Вы вошли как {name}.",
        "no_applications": "Ни у одного приложения нет доступа к вашей учётной записи.",
        "since": "с {date}",
        "withdraw": "Отозвать",
        "sign_out": "Выйти",
        Scope.MESSAGES_READ: "читать ваши сообщения",
        Scope.MESSAGES_WRITE: "писать, изменять и удалять сообщения от вашего имени",
        Scope.USER_DETAILS: "видеть ваше имя и профиль",
        Scope.USER_EMAIL: "видеть адрес вашей почты",
        Scope.USER_BIRTHDAY: "видеть ваш день рождения",
        Scope.USER_CONTACTS: "видеть, с кем вы знакомы",
    },
}

MONTHS = {
    ENGLISH: "January February March April May June July August September October November December",
    RUSSIAN: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
}


def spelled(tongue: str, day: date) -> str:
    """A day as one says it."""
    return f"{day.day} {MONTHS[tongue].split()[day.month - 1]} {day.year}"


MOST_LANGUAGES = 20
"""Of a header that are looked at."""


def language(accept: str) -> str:
    """The language somebody would rather read, by an `Accept-Language` header; English if neither."""
    best, weight = ENGLISH, 0.0
    for part in accept.split(",")[:MOST_LANGUAGES]:
        name, _, quality = part.strip().partition(";")
        tongue = name.strip().lower().partition("-")[0]
        try:
            worth = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if tongue in WORDS and weight < worth <= 1.0:
            best, weight = tongue, worth
    return best
