import pytest

from tertulia.web.deflate import ANSWER, accepted_offer


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", ANSWER),
        ("permessage-deflate; client_max_window_bits", ANSWER),
        ("Permessage-Deflate;client_max_window_bits=10 ; server_no_context_takeover", ANSWER),
        ('permessage-deflate; server_max_window_bits="9"', f"{ANSWER}; server_max_window_bits=9"),
        ("x-webkit-deflate-frame, permessage-deflate; client_no_context_takeover", ANSWER),
        ("permessage-deflate; mystery, permessage-deflate", ANSWER),
        ("", ""),
        ("x-other", ""),
        ("permessage-deflate; mystery", ""),
        ("permessage-deflate; server_max_window_bits", ""),
        ("permessage-deflate; server_max_window_bits=7", ""),
        ("permessage-deflate; client_max_window_bits=016", ""),
        ("permessage-deflate; server_no_context_takeover=1", ""),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits", ""),
    ],
)
def test_offers_we_can_honour_are_accepted(offer: str, answer: str) -> None:
    assert accepted_offer(offer) == answer
