# The image brings Node itself: without install scripts the package `node`, there for machines with an older one, has
# no binary and gets in nobody's way. No other package has such a script.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY .npmrc package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev

FROM dependencies AS build
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY schemas schemas
COPY src src
RUN npm run build

FROM node:24-slim AS ralph
ENV NODE_ENV=production \
    RALPH_APP_DIR=/app/.ralph \
    DB_DIRECTORY=/data/db \
    MIRROR_DIRECTORY=/data/mirror
WORKDIR /app
COPY LICENSE package.json ralph ldp-mirror ./
COPY pages pages
COPY schemas schemas
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The uid is most often that of whoever mounts ./.ralph; auth.json and the embedded store live there.
# /data is where `ldp-mirror` keeps archives and what it knows of them, as in the image of ldp-archive-mirror.
RUN ln -s /app/ralph /app/ldp-mirror /usr/local/bin/ && \
    install -d -o 1000 -g 1000 /app/.ralph /data /data/db /data/mirror
USER 1000:1000

# docker build --target ldp-mirror -t ldp-mirror .
# docker run -v /my_backup/mirror/:/data/mirror -v /my_backup/db:/data/db -e OVH_API_AK=… … ldp-mirror STREAM_ID …
FROM ralph AS ldp-mirror
WORKDIR /data/mirror
ENTRYPOINT ["ldp-mirror"]

FROM ralph
EXPOSE 8100
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RALPH_RUNSERVER_PORT ?? 8100}/__lbheartbeat__`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["ralph", "runserver"]
