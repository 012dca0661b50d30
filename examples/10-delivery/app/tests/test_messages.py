"""Unit tests: ./delivery.sh test."""

import unittest

from portal.messages import LONGEST, Refused, about, announcement


class Announcements(unittest.TestCase):
    def test_a_text_is_taken_without_the_blanks_around_it(self):
        self.assertEqual(announcement(b'{"text": " hello "}'), {"text": "hello"})

    def test_anything_else_is_refused(self):
        for body in (b"", b"[]", b"{}", b'{"text": 1}', b'{"text": " "}', b"\xff"):
            with self.subTest(body=body), self.assertRaises(Refused):
                announcement(body)

    def test_the_length_has_a_limit(self):
        text = "x" * LONGEST
        self.assertEqual(announcement(f'{{"text": "{text}"}}'.encode())["text"], text)
        with self.assertRaises(Refused):
            announcement(f'{{"text": "{text}x"}}'.encode())


class About(unittest.TestCase):
    def test_it_names_release_and_host(self):
        self.assertEqual(about("1", "a"), {"release": "1", "host": "a"})
