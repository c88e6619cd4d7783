# One image for the web server, the job worker and the migrations (see docker-compose.yml).
FROM python:3.13-slim

RUN pip install --no-cache-dir uv && useradd --create-home --uid 1000 rdv && install -d -o rdv /app
WORKDIR /app
USER rdv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 \
    PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 \
    STATICFILES_MANIFESTES=true

# The packages change less often than the code: a layer of their own.
COPY --chown=rdv pyproject.toml .python-version ./
RUN uv sync --no-dev

COPY --chown=rdv . .
# Collecting files reads the settings but neither the key nor the database: throw-away values, for this line only.
RUN SECRET_KEY=construction DATABASE_URL=postgres://personne@localhost/rien python manage.py collectstatic --noinput

EXPOSE 8000
CMD ["gunicorn", "rdv.wsgi:application"]
