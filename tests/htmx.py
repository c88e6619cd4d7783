"""What htmx would do to a page, done with lxml: a test asserts that a page after a swap equals the page reloaded."""

from lxml import html


def page_apres_echange(page: bytes, fragment: bytes, cible: str) -> str:
    """Return the page in which the element of id `cible` is replaced by the fragment (hx-swap="outerHTML")."""
    arbre = html.document_fromstring(page.decode())
    ancien = arbre.get_element_by_id(cible)
    nouveau = html.fragment_fromstring(fragment.decode())
    assert nouveau.get("id") == cible, "the region must keep its id, or the next swap finds nothing"
    nouveau.tail = ancien.tail
    ancien.getparent().replace(ancien, nouveau)
    if titre := nouveau.get("data-titre-page"):  # rdv.js
        arbre.find(".//title").text = titre
    return _texte(arbre)


def page_rechargee(page: bytes) -> str:
    """Return a page in the same form as `page_apres_echange`."""
    return _texte(html.document_fromstring(page.decode()))


def _texte(arbre: html.HtmlElement) -> str:
    # Allowed to differ: the CSRF token, masked differently in each answer, and the address where a change of language
    # comes back, which rdv.js keeps up to date.
    for champ in arbre.xpath("//form[@class='rdv-langue']/input[@name='next']"):
        champ.set("value", "")
    for champ in arbre.xpath("//input[@name='csrfmiddlewaretoken']"):
        champ.set("value", "")
    for corps in arbre.xpath("//body[@hx-headers]"):
        del corps.attrib["hx-headers"]
    for noeud in arbre.iter():
        noeud.text = " ".join((noeud.text or "").split())
        noeud.tail = " ".join((noeud.tail or "").split())
    return html.tostring(arbre, encoding="unicode", pretty_print=True)
