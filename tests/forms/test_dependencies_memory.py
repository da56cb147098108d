"""What is worked out for a form once goes when the form goes."""

import gc
import weakref

from forms.dependencies import _known, dependencies_of
from tests.forms.building import form, item


def test_dependencies_do_not_keep_their_form():
    made = form(item("a"))
    assert dependencies_of(made) is dependencies_of(made)
    count, gone = len(_known), weakref.ref(made)
    del made
    gc.collect()
    assert gone() is None
    assert len(_known) < count
