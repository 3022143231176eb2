"""Pages of client organisations."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from practice import services
from practice.exceptions import CrmgapError
from practice.forms import ClientForm, LogoForm
from practice.pages import page_of, show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import clients_for, engagements_for, get_client_for


@require_safe
@require_permission("client.read")
def client_list(request: PracticeRequest, slug: str) -> HttpResponse:
    """List the client organisations, searchable by name and sector."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    clients = clients_for(request.member).annotate(n_engagements=Count("engagements")).order_by("name", "pk")
    if query:
        clients = clients.filter(name__icontains=query) | clients.filter(sector__icontains=query)
    return render(request, "practice/client_list.html", {"page": page_of(request, clients), "query": query})


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("client.edit")
def client_create(request: PracticeRequest, slug: str) -> HttpResponse:
    """Add a client organisation; with `?then=engagement` lead on to its first engagement."""
    form = ClientForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client = services.create_client(actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            if request.GET.get("then") == "engagement":
                return redirect(f"{reverse('engagement_create', kwargs={'slug': slug})}?client={client.pk}")
            return redirect("practice:client_detail", slug=slug, client_id=client.pk)
    return _form(request, form, None)


@require_safe
@require_permission("client.read")
def client_detail(request: PracticeRequest, slug: str, client_id: UUID) -> HttpResponse:
    """Show a client organisation with its engagements."""
    client = get_client_for(request.member, client_id)
    engagements = engagements_for(request.member).filter(client_organisation=client)
    return render(
        request, "practice/client_detail.html", {"client": client, "page": page_of(request, engagements)}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("client.edit")
def client_edit(request: PracticeRequest, slug: str, client_id: UUID) -> HttpResponse:
    """Change a client organisation."""
    client = get_client_for(request.member, client_id)
    form = ClientForm(request.POST or None, instance=get_client_for(request.member, client_id))
    if request.method == "POST" and form.is_valid():
        try:
            services.update_client(client, actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("practice:client_detail", slug=slug, client_id=client.pk)
    return _form(request, form, client)


def _form(request: PracticeRequest, form: ClientForm, client: object) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "client": client, "logo_form": LogoForm()}
    return render(request, "practice/client_form.html", context, status=status)
